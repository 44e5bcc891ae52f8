// A page with Sentry's SDK; esbuild makes one minified file of both.
import * as Sentry from "@sentry/browser";

import { Basket } from "./cart";

declare const SETTINGS: { dsn: string; release?: string };

Sentry.init({ dsn: SETTINGS.dsn, release: SETTINGS.release, environment: "production" });

function payForBasket(basket: Basket, discount: number): number {
  return basket.totalOfBasket(discount) + 1;
}

document.getElementById("pay")!.addEventListener("click", function clickedPay() {
  payForBasket(new Basket(), 7);
});
