// The result: one row a promise, with what it reached.

/** One figure against its aim. */
export interface Row {
  readonly work: string;
  readonly figure: string;
  readonly value: number;
  readonly aim: "at most" | "at least";
  readonly limit: number;
}

/** A table for people. */
export function printRows(rows: readonly Row[]): string {
  const lines = rows.map(({ work, figure, value, aim, limit }) => {
    const reached = aim === "at most" ? value <= limit : value >= limit;
    return `${reached ? "ok  " : "MISS"}  ${work}: ${figure} ${value.toFixed(2)} (${aim} ${limit})`;
  });
  return `\n${lines.join("\n")}\n`;
}
