// placeholder
import type { Console } from "./main.ts";
import type { World } from "./world.ts";
export function demo(args: readonly string[], world: World, console: Console): Promise<number> {
  world.runner.info(args.join(" "));
  console.print("");
  return Promise.resolve(1);
}
