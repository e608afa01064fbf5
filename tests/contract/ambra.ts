// A client as an integrator writes it, on types made from the ambra document: it must compile.
import createClient from "openapi-fetch";
import type { paths, components } from "./ambra-schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080/", headers: { Authorization: "Bearer KEY" } });

export async function run(): Promise<number[]> {
  const { data, error } = await client.GET("/v1/products", {
    params: { query: { stock_status: "low", limit: 100, sort: "-created_at,name" } },
  });
  if (error) throw new Error(`${error.error.code}: ${error.error.message}`);
  const products: components["schemas"]["ProductView"][] = data.data;
  const made = await client.POST("/v1/products", { body: { name: "Premium T-Shirt", sku: "TEE-001", price: 29.99 } });
  const orders = await Promise.all(
    products.map((product) =>
      client.POST("/v1/purchase_orders", {
        body: {
          supplier_id: product.default_supplier_id ?? "",
          items: [{ product_id: product.id, quantity: product.reorder_quantity ?? 1 }],
        },
      }),
    ),
  );
  const overview = await client.GET("/v1/reports/stock_overview", { params: { query: { warehouse_id: "warehouse_123" } } });
  const moved = await client.POST("/v1/stock_movements", {
    body: { product_id: made.data?.data.id ?? "", type: "in", quantity: 10, warehouse_id: "wh_1" },
    headers: { "Idempotency-Key": "delivery-4711" },
  });
  return [
    data.pagination.total,
    ...products.map((product) => product.stock.available),
    ...orders.map((order) => order.data?.data.items.length ?? 0),
    overview.data?.data.total_units ?? 0,
    moved.data?.data.quantity ?? 0,
  ];
}
