// What the shop's basket costs; built into one minified file before it runs.
export class BasketError extends Error {
  name = "BasketError";
}

export interface Line {
  price: number;
  count: number;
}

export class Basket {
  readonly lines: Line[] = [];

  totalOfBasket(discount: number): number {
    if (!this.lines.length) {
      throw new BasketError(`a basket without lines, less ${discount} %`);
    }
    return this.lines.reduce((sum, line) => sum + line.price * line.count, 0);
  }
}
