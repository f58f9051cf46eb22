// Imported before everything else: on an old Node.js the rest would fail with a riddle.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Isthmus needs Node.js 20.19 or later; this is ${process.versions.node}.\n`)
  process.exit(1)
}
