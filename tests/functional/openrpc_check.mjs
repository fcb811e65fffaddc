// Validates an OpenRPC document (standard input) against the meta-schema of the OpenRPC project.
// Run in a folder whose node_modules holds the packages that methods_test.py names; prints every
// violation.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { default: Ajv } = require("ajv");

/// A schema under names that Ajv resolves: it knows no base with a slash at the end, and takes a
/// path through a property that is called $ref for a reference.
function resolvable(name) {
  const schema = require(name);
  const text = JSON.stringify(schema.default ?? schema)
    .replaceAll("https://meta.json-schema.tools/", "https://meta.json-schema.tools")
    .replaceAll(/"\$ref":"[^"]*\/properties\/\$ref"/g, '"type":"string"');
  return JSON.parse(text);
}

const ajv = new Ajv({
  allErrors: true, strict: false, validateFormats: false, validateSchema: false });
ajv.addSchema(resolvable("@json-schema-tools/meta-schema"));
const validate = ajv.compile(resolvable("@open-rpc/meta-schema"));
const document = JSON.parse(readFileSync(0, "utf8"));
if (!validate(document)) {
  for (const error of validate.errors) {
    console.error(`${error.instancePath || "/"}: ${error.message} ${JSON.stringify(error.params)}`);
  }
  process.exit(1);
}
console.log(`${document.methods.length} methods, OpenRPC ${document.openrpc}`);
