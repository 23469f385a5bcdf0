import { buildPoseidonReference, buildBabyjub, buildEddsa } from "circomlibjs";
import createBlakeHash from "blake-hash";
import fs from "fs";
import crypto from "crypto";
const out = process.argv[2];
const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const source = { package: "circomlibjs 0.1.7 (npm)", command: "npm install circomlibjs@0.1.7 && node generate.mjs", node: process.version };
// deterministic field elements: sha256 chains
let ctr = 0;
const rnd = (mod = r) => { const a = crypto.createHash("sha512").update("tickproof vectors " + (ctr++)).digest("hex"); return BigInt("0x" + a) % mod; };
const save = (name, o) => fs.writeFileSync(`${out}/${name}`, JSON.stringify({ source, ...o }, (k, v) => typeof v === "bigint" ? v.toString() : v, 1) + "\n");
const poseidon = await buildPoseidonReference();
const pF = poseidon.F;
const H = (xs) => pF.toObject(poseidon(xs.map(x => pF.e(x))));
{
  const cases = [];
  for (let n = 1; n <= 16; n++) {
    const sets = [Array(n).fill(0n), Array(n).fill(r - 1n), Array.from({ length: n }, (_, i) => BigInt(i + 1)), Array.from({ length: n }, () => rnd()), Array.from({ length: n }, (_, i) => i === n - 1 ? 1n : 0n)];
    for (const inputs of sets) cases.push({ inputs, hash: H(inputs) });
  }
  save("poseidon.json", { cases });
}
{
  const b = await buildBabyjub(); const F = b.F;
  const P = (p) => [F.toObject(p[0]), F.toObject(p[1])];
  const Q = (p) => [F.e(p[0]), F.e(p[1])];
  const l = b.subOrder;
  const scalars = [0n, 1n, 2n, 3n, 7n, 8n, l - 1n, l, l + 1n, r - 1n, (1n << 254n) - 1n, rnd(), rnd(), rnd()];
  const mul = [], mulg = [];
  for (const k of scalars) mul.push({ point: P(b.Base8), scalar: k, result: P(b.mulPointEscalar(b.Base8, k)) });
  for (const k of scalars) mul.push({ point: P(b.Generator), scalar: k, result: P(b.mulPointEscalar(b.Generator, k)) });
  const pts = [Q([0n, 1n]), Q([0n, r - 1n]), b.Base8, b.Generator, b.mulPointEscalar(b.Base8, rnd()), b.mulPointEscalar(b.Generator, rnd())];
  const neg = (p) => [F.neg(p[0]), p[1]];
  const all = [...pts, neg(b.Base8)];
  const add = [];
  for (const x of all) for (const y of all) add.push({ a: P(x), b: P(y), sum: P(b.addPoint(x, y)) });
  const membership = [...all, Q([1n, 1n]), Q([0n, 0n]), Q([r - 1n, r - 1n]), Q([5n, 7n])].map(p => ({ point: P(p), on_curve: b.inCurve(p), in_subgroup: b.inCurve(p) && b.inSubgroup(p) }));
  save("babyjub.json", { order: b.order, subgroup_order: l, generator: P(b.Generator), base8: P(b.Base8), mul, add, membership });
}
{
  const e = await buildEddsa(); const b = e.babyJub; const F = b.F;
  const P = (p) => [F.toObject(p[0]), F.toObject(p[1])];
  const keys = [Buffer.alloc(32), Buffer.alloc(32, 255), Buffer.from("0001020304050607080900010203040506070809000102030405060708090001", "hex"), ...[0,1,2,3].map(() => crypto.createHash("sha256").update("key " + (ctr++)).digest())];
  const cases = [];
  for (const k of keys) for (const m of [0n, 1n, r - 1n, rnd()]) {
    const msg = F.e(m); const A = e.prv2pub(k); const s = e.signPoseidon(k, msg);
    if (!e.verifyPoseidon(msg, s, A)) throw new Error("self check");
    cases.push({ private_key: k.toString("hex"), message: m, public_key: P(A), r8: P(s.R8), s: s.S });
  }
  save("eddsa_poseidon.json", { cases });
}
{
  const cases = [];
  for (const n of [0, 1, 3, 32, 64, 110, 111, 112, 113, 127, 128, 129, 144, 239, 240, 256, 300]) {
    const d = Buffer.from(Array.from({ length: n }, (_, i) => (i * 7 + n) & 255));
    cases.push({ data: d.toString("hex"), digest: createBlakeHash("blake512").update(d).digest("hex") });
  }
  // vectors printed in the BLAKE submission (Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE", appendix): one zero byte, 144 zero bytes
  for (const n of [1, 144]) { const d = Buffer.alloc(n); cases.push({ data: d.toString("hex"), digest: createBlakeHash("blake512").update(d).digest("hex") }); }
  const v = JSON.parse(fs.readFileSync("node_modules/blake-hash/package.json")).version;
  save("blake512.json", { blake_hash: "blake-hash " + v + " (npm, circomlibjs's dependency)", cases });
}
process.exit(0);
