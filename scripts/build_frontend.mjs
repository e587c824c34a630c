// Build the front end: each file in frontend/entries becomes one file of the same name in static/hezhi.
//
// One bundle per entry and no shared chunks: a page asks for one or two files, which counts on a phone.
// Beside each bundle a .LEGAL.txt keeps the licences of what is inside.
//   node scripts/build_frontend.mjs [--watch]

import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const source = path.join(root, "hezhi/ground/ui/frontend/entries");
const target = path.join(root, "hezhi/ground/ui/static/hezhi");
const watch = process.argv.includes("--watch");

const entries = existsSync(source)
  ? readdirSync(source)
      .filter((name) => /\.(js|ts|css)$/.test(name) && !name.endsWith(".d.ts"))
      .map((name) => path.join(source, name))
  : [];

// A service worker is not a module in every browser we meet.
const isWorker = (file) => /(^|[-.])(sw|worker)\.(js|ts)$/.test(path.basename(file));

const common = {
  absWorkingDir: root,
  outdir: target,
  bundle: true,
  minify: !watch,
  target: "es2020", // safari14 does not build: esbuild cannot lower some destructuring
  charset: "utf8",
  legalComments: "linked",
  assetNames: "assets/[name]-[hash]",
  loader: { ".svg": "dataurl", ".png": "file", ".webp": "file", ".woff2": "file" },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  logLevel: "warning",
};

if (!watch) rmSync(target, { recursive: true, force: true });

for (const [format, files] of [
  ["esm", entries.filter((file) => !isWorker(file))],
  ["iife", entries.filter(isWorker)],
]) {
  if (files.length === 0) continue;
  const options = { ...common, entryPoints: files, format };
  if (watch) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}

console.log(`${entries.length} front-end files${watch ? ", watching" : ""}`);
