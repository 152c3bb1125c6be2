// validate_kubernetes.mjs FOLDER KUSTOMIZATION...: compares the objects of each KUSTOMIZATION, a folder, with the schemas of the
// Kubernetes API, as the npm package kubernetes-models has them from its OpenAPI description, compiled to validators and to
// TypeScript types. The validators check types, ranges, enumerations and required fields; the types also list all fields.
// FOLDER has the packages in its node_modules. Prints a line for each object; exits with 1 if one is wrong. If this machine
// has a kubectl, that must make the same objects.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {build} from './kustomize.mjs';

const [folder, ...kustomizations] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const {loadAll} = require('js-yaml');

// The module of an object's class: "kubernetes-models/apps/v1/Deployment".
function moduleOf({apiVersion, kind}) {
  const operator = apiVersion.startsWith('monitoring.coreos.com/');
  return `${operator ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'}/${apiVersion}/${kind}`;
}

const sorted = (objects) => objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]).sort();

// Returns the objects that the kubectl of this machine makes; nothing if there is none, or one that is too old for components.
function byKubectl(kustomization) {
  const {error, status, stdout, stderr} = spawnSync('kubectl', ['kustomize', kustomization], {encoding: 'utf8'});
  if (error || stderr.includes('unknown field "components"')) return undefined;
  assert.equal(status, 0, stderr);
  // Without the hash that ends the name of a generated ConfigMap.
  return loadAll(stdout.replace(/^( *name: coroecho)-[a-z0-9]{10}$/gm, '$1'));
}

const objects = [];
for (const file of kustomizations) {
  const made = build(file, loadAll);
  objects.push(...made.map((object) => ({file, object})));
  const theirs = byKubectl(file);
  if (theirs) assert.deepEqual(sorted(made), sorted(theirs), `${file}: kubectl makes something else of it`);
  console.log(`${file}: ${theirs ? 'as kubectl kustomize makes it' : 'not compared: there is no such kubectl'}`);
}
let wrong = false;
let source = '';
for (const [index, {file, object}] of objects.entries()) {
  const {kind, metadata} = object;
  const path = join(folder, 'node_modules', `${moduleOf(object)}.js`);
  const {[kind]: Class} = await import(pathToFileURL(path));
  try {
    new Class(object).validate();
    console.log(`${kind} ${metadata.name}`);
  } catch (error) {
    console.error(`${file}: ${kind} ${metadata.name}: ${error.message}`);
    wrong = true;
  }
  source += `import type {I${kind} as I${index}} from '${moduleOf(object)}';\n`;
  source += `export const object${index}: I${index} = ${JSON.stringify(object, null, 1)};\n`;
}

// A field that no type has is an error of the compiler, where the object is written out.
writeFileSync(join(folder, 'manifests.ts'), source);
try {
  execFileSync(process.execPath,
               [require.resolve('typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022',
                '--module', 'nodenext', '--moduleResolution', 'nodenext', join(folder, 'manifests.ts')],
               {stdio: ['ignore', 2, 2]});
} catch {
  wrong = true;
}
process.exit(wrong ? 1 : 0);
