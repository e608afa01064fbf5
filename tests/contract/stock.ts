// A client as an integrator writes it, on types made from the stock document: it must compile.
import createClient from "openapi-fetch";
import type { paths, components } from "./stock-schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080/", headers: { Authorization: "Bearer KEY" } });

export async function run(): Promise<number[]> {
  const { data, error } = await client.GET("/api/inventory", { params: { query: { low_stock: true, limit: 10 } } });
  if (error) throw new Error(error.error.message);
  const rows: components["schemas"]["LevelView"][] = data.data;
  const made = await client.POST("/api/inventory/movements", {
    body: { product_id: "prod_1", warehouse_id: "wh_1", movement_type: "in", quantity: 50, cost_per_unit: 25 },
  });
  const counted = await client.POST("/api/inventory/adjustments", {
    body: { adjustments: [{ product_id: "prod_1", warehouse_id: "wh_1", actual_quantity: 195, reason: "Count" }] },
  });
  const figures = await client.GET("/api/inventory/analytics", { params: { query: { period: "30d" } } });
  return [
    ...rows.map((row) => row.quantity_available),
    made.data?.data.balance_after ?? 0,
    counted.data?.data.adjustments[0]?.adjustment ?? 0,
    figures.data?.data.overview.total_stock_value ?? 0,
  ];
}
