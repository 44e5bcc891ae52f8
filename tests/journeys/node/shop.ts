// A Node program that is built, minified, and dies in a basket.
import * as Sentry from "@sentry/node";

import { Basket } from "./cart";

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  release: process.env.SHOP_RELEASE,
  environment: "production",
});

function payForBasket(basket: Basket, discount: number): number {
  return basket.totalOfBasket(discount) + 1;
}

function checkoutVisitor(name: string): number {
  Sentry.setUser({ username: name });
  return payForBasket(new Basket(), name.length);
}

setTimeout(() => {
  checkoutVisitor("radia");
}, 0);
