// Builds the cards into the integration. `--check` fails if what is there is not what the source gives, or is too large.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "custom_components", "smart_bms", "frontend");
const check = process.argv.includes("--check");
const MAX_FIRST = 30 * 1024; // bytes gzip: what a dashboard with a pack's card loads
const MAX_ALL = 60 * 1024; // with everything that is loaded later, in one language

/** Style sheets and markup stand in template literals, which the bundler leaves as they are. */
const templates = {
  name: "templates",
  setup({ onLoad }) {
    onLoad({ filter: /src\/.*\.ts$/ }, async ({ path }) => {
      const source = readFileSync(path, "utf8");
      const sheets = [...source.matchAll(/css`([^`]*)`/g)];
      const minified = await Promise.all(
        sheets.map(async ([, sheet]) =>
          (await transform(sheet, { loader: "css", minify: true, target: "chrome120" })).code.trim(),
        ),
      );
      let index = 0;
      const styled = source.replace(/css`[^`]*`/g, () => `css\`${minified[index++].replaceAll("\\", "\\\\")}\``);
      return { contents: squeezed(styled), loader: "ts" };
    });
  },
};

/** Return a module in which the markup has no white space that nobody sees. */
function squeezed(source) {
  let out = "";
  const stack = []; // of "markup", "text" (another template), and "code" (inside of a `${}`), with its depth of braces
  for (let at = 0; at < source.length; at += 1) {
    const top = stack.at(-1);
    const char = source[at];
    if (top?.kind === "markup" || top?.kind === "text") {
      if (char === "\\") {
        at += 1;
        out += char + source[at];
      } else if (char === "`") {
        stack.pop();
        out += char;
      } else if (char === "$" && source[at + 1] === "{") {
        stack.push({ kind: "code", depth: 0 });
        out += "${";
        at += 1;
      } else if (top.kind === "markup" && /\s/.test(char)) {
        let end = at;
        while (/\s/.test(source[end])) end += 1;
        const between = source.slice(at, end);
        out +=
          between.includes("\n") &&
          (out.endsWith(">") || out.endsWith("}") || out.endsWith("`")) &&
          /[<$`]/.test(source[end])
            ? ""
            : " ";
        at = end - 1;
      } else out += char;
    } else if (char === "`") {
      stack.push({ kind: /(html|svg)$/.test(out) ? "markup" : "text" });
      out += char;
    } else if (char === '"' || (char === "/" && source[at + 1] === "/" && source[at - 1] !== ":")) {
      const end = char === '"' ? closing(source, at) : source.indexOf("\n", at);
      out += source.slice(at, end);
      at = end - 1;
    } else {
      if (top?.kind === "code" && char === "{") top.depth += 1;
      if (top?.kind === "code" && char === "}" && top.depth-- === 0) stack.pop();
      out += char;
    }
  }
  return out;
}

/** Return where a string ends that begins here. */
function closing(source, from) {
  let at = from + 1;
  while (source[at] !== '"') at += source[at] === "\\" ? 2 : 1;
  return at + 1;
}

const result = await build({
  entryPoints: { "smart-bms": join(here, "src", "main.ts") },
  outdir: target,
  absWorkingDir: here, // names of chunks depend on where it is built from
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  plugins: [templates],
  legalComments: "none",
  entryNames: "[name]",
  chunkNames: "smart-bms-[hash]",
  metafile: true,
  write: false,
});

// Licenses ask for their text beside what is built from them.
const files = new Map(result.outputFiles.map((file) => [file.path.slice(target.length + 1), file.contents]));
const size = (contents) => gzipSync(contents, { level: 9 }).length;
const sizes = new Map([...files].map(([name, contents]) => [name, size(contents)]));
const first = firstLoad("smart-bms.js");
// A browser loads the texts of one language.
const languages = Object.entries(result.metafile.outputs)
  .filter(([, { entryPoint }]) => entryPoint?.startsWith("src/texts/"))
  .map(([path]) => sizes.get(path.split("/").at(-1)));
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const all = sum([...sizes.values()]) - sum(languages) + Math.max(0, ...languages);
console.log(`first ${kib(first)} of ${kib(MAX_FIRST)}, all ${kib(all)} of ${kib(MAX_ALL)}, gzip`);
if (first > MAX_FIRST || all > MAX_ALL) {
  console.error("Too large.");
  process.exit(1);
}
const old = new Map(built().map((name) => [name, readFileSync(join(target, name))]));
const same =
  old.size === files.size && [...files].every(([name, contents]) => old.get(name)?.equals(Buffer.from(contents)));
if (check) {
  if (!same) {
    console.error(
      "What is built is not what the source gives: run `npm run build` in frontend/, and commit the result.",
    );
    process.exit(1);
  }
} else if (!same) {
  mkdirSync(target, { recursive: true });
  for (const name of built()) rmSync(join(target, name));
  for (const [name, contents] of files) writeFileSync(join(target, name), contents);
  const hash = createHash("sha256").update(files.get("smart-bms.js")).digest("hex").slice(0, 8);
  console.log(`built ${files.size} files, ${hash}`);
}

/** Return the size of a file and of everything that it imports at once. */
function firstLoad(name) {
  const outputs = Object.entries(result.metafile.outputs).map(([path, output]) => [path.split("/").pop(), output]);
  const seen = new Set();
  const follow = (one) => {
    if (seen.has(one)) return;
    seen.add(one);
    const output = outputs.find(([path]) => path === one)?.[1];
    for (const item of output?.imports ?? []) {
      if (item.kind === "import-statement") follow(item.path.split("/").pop());
    }
  };
  follow(name);
  return [...seen].reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0);
}

function built() {
  try {
    return readdirSync(target).filter((name) => name.endsWith(".js"));
  } catch {
    return [];
  }
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} kB`;
}
