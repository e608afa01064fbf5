// A client as an integrator writes it, on types made from the commerce document: it must compile.
import createClient from "openapi-fetch";
import type { paths, components } from "./commerce-schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080/", headers: { Authorization: "Bearer KEY" } });

export async function run(): Promise<(number | string | null | undefined)[]> {
  const { data, error } = await client.GET("/v2/products", {
    params: { query: { status: "active", category: "audio", sort: "price", order: "asc", limit: 200, cursor: "" } },
  });
  if (error) throw new Error(`${error.error.code}: ${error.error.details.map((detail) => detail.field).join(", ")}`);
  const products: components["schemas"]["ProductView"][] = data.data;
  const further = await client.GET("/v2/products", { params: { query: { cursor: data.pagination.next_cursor ?? "" } } });
  const made = await client.POST("/v2/products", {
    body: {
      name: "Premium Wireless Headphones",
      price: 199.99,
      sku: "HEADPHONE-001",
      categories: ["electronics", "audio"],
      variants: [{ sku: "HEADPHONE-001-BK", attributes: { color: "Black" } }],
    },
    headers: { "Idempotency-Key": "catalogue-4711" },
  });
  const changed = await client.PUT("/v2/products/{id}", {
    params: { path: { id: made.data?.id ?? "" } },
    body: { price: 179.99, variants: [{ id: made.data?.variants[0]?.id, price: null }] },
  });
  const customer = await client.POST("/v2/customers", { body: { email: "customer@example.com", tags: ["vip"] } });
  const order = await client.POST("/v2/orders", {
    body: { customer_id: customer.data?.id ?? "", items: [{ product_id: products[0]?.id, quantity: 2 }] },
  });
  const intent = await client.POST("/v2/payments/intents", {
    body: { amount: 19999, currency: "usd", payment_method: "card", order_id: order.data?.id },
  });
  const moved = await client.PATCH("/v2/orders/{id}/status", {
    params: { path: { id: order.data?.id ?? "" } },
    body: { status: "processing", note: "Payment confirmed" },
  });
  const webhook = await client.POST("/v2/webhooks", {
    body: { url: "https://your-domain.com/webhook", events: ["order.created", "order.fulfilled"] },
  });
  return [
    data.pagination.total_items,
    further.data?.data.length,
    made.data?.variants[0]?.attributes["color"],
    changed.data?.price,
    intent.data?.status,
    moved.data?.status,
    webhook.data?.secret,
    ...products.map((product) => product.inventory),
  ];
}
