"""Shopify as a provider: ShopifyQL, and orders with their customer journey (Admin GraphQL; facts: APIS 6)."""
