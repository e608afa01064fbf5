// A client as an integrator writes it, on types made from the operations document: it must compile.
import createClient from "openapi-fetch";
import type { paths, components } from "./operations-schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080/", headers: { Authorization: "Bearer KEY" } });

export async function run(): Promise<string[]> {
  const { data, error } = await client.GET("/api/v1/orders", { params: { query: { status: "pending", per_page: 10 } } });
  if (error) throw new Error(error.error.message);
  const rows: components["schemas"]["OrderView"][] = data.data;
  const made = await client.POST("/api/v1/orders", { body: { order: { customer: "Ana", items: [{ sku: "MILK-1L", quantity: 2 }] } } });
  const lot = await client.GET("/api/v1/lots/{id}", { params: { path: { id: "lot_1" } } });
  return [...rows.map((row) => row.id), made.data?.id ?? "", lot.data?.lot_number ?? ""];
}
