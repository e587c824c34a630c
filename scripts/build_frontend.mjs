// Build the front end: each file in frontend/entries becomes one file of the same name in static/hezhi.
//
// One bundle per entry and no shared chunks: a page asks for one or two files, which counts on a phone.
// Beside each bundle a .LEGAL.txt keeps the licences of what is inside.
//   node scripts/build_frontend.mjs [--watch]

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { transform } from "lightningcss";

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

// Of Tabler's rules a page gets those for the classes that the house uses (frontend/tabler_classes.txt): a sixth of them.
// What was left out is told beside the bundles, so that a test can find it on a page.
const tabler = {
  name: "tabler",
  setup(build) {
    const list = path.join(source, "../tabler_classes.txt");
    build.onLoad({ filter: /tabler\.min\.css$/ }, ({ path: filename }) => {
      const used = new Set(readFileSync(list, "utf8").split(/\s+/));
      const code = readFileSync(filename);
      const classes = new Set([...code.toString().matchAll(/\.(-?[_a-zA-Z](?:[\w-]|\\.)*)/g)].map(([, name]) => name.replaceAll("\\", "")));
      const unusedSymbols = [...classes].filter((name) => !used.has(name));
      mkdirSync(target, { recursive: true });
      writeFileSync(path.join(target, ".left_out"), unusedSymbols.sort().join("\n"));
      const [licence] = code.toString().match(/\/\*![^]*?\*\//);
      return { contents: licence + transform({ filename, code, unusedSymbols }).code, loader: "css", watchFiles: [list] };
    });
  },
};

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
  plugins: [tabler],
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
