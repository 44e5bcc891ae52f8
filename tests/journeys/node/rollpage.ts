// A page with Rollbar's SDK; esbuild makes one minified file of both.
import Rollbar from "rollbar";

import { Basket } from "./cart";

declare const SETTINGS: { token: string; endpoint: string; version: string };

new Rollbar({
  accessToken: SETTINGS.token,
  endpoint: SETTINGS.endpoint,
  environment: "production",
  captureUncaught: true,
  payload: {
    person: { id: "77" },
    client: { javascript: { source_map_enabled: true, code_version: SETTINGS.version } },
  },
});

function payForBasket(basket: Basket, discount: number): number {
  return basket.totalOfBasket(discount) + 1;
}

document.getElementById("pay")!.addEventListener("click", function clickedPay() {
  payForBasket(new Basket(), 7);
});
