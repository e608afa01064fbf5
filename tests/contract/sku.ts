// A client as an integrator writes it, on types made from the sku document: it must compile.
import createClient from "openapi-fetch";
import type { paths, components } from "./sku-schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080/", headers: { Authorization: "Bearer KEY" } });

export async function run(): Promise<string[]> {
  const { data, error } = await client.GET("/sku/api/inventory", { params: { query: { status: "low", cursor: "" } } });
  if (error) throw new Error(error.error.message);
  const rows: components["schemas"]["SkuView"][] = data.data;
  const set = await client.PUT("/sku/api/inventory/{sku}", {
    params: { path: { sku: "SKU-001" } },
    body: { warehouse_id: "wh_1", quantity: 500, reason: "supplier_receipt" },
  });
  const bulk = await client.POST("/sku/api/inventory/bulk", {
    params: { query: { atomic: true } },
    body: { updates: [{ sku: "SKU-001", warehouse_id: "wh_1", quantity: 500 }] },
  });
  return [...rows.map((row) => row.title), set.data?.data.status ?? "", bulk.data?.errors[0]?.code ?? ""];
}
