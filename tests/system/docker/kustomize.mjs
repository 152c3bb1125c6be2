// Builds the objects of a folder as `kubectl kustomize FOLDER` does, as far as docker/kubernetes needs it: the kubectl of Debian 12
// knows no components. Refuses fields that it does not know. A generated ConfigMap gets no hash behind its name.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';

const steps = {
  resources: (objects, resource, {folder, load}) => {
    const path = join(folder, resource);
    objects.push(...(statSync(path).isDirectory() ? build(path, load, 'Kustomization') : load(readFileSync(path, 'utf8'))));
  },
  configMapGenerator: (objects, {name, files, ...rest}, {folder}) => {
    assert.deepEqual(rest, {});
    const data = Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')]));
    objects.push({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name}, data});
  },
  components: (objects, component, {folder, load}) => build(join(folder, component), load, 'Component', objects),
  patches: (objects, {target, patch, ...rest}, {folder, load}) => {
    assert.deepEqual(rest, {});
    const found = objects.filter(({kind, metadata}) => kind === target.kind && metadata.name === target.name);
    assert.equal(found.length, 1, `${folder}: a patch has one target`);
    for (const change of load(patch)[0]) apply(found[0], change);
  },
  images: (objects, {name, newName, newTag, ...rest}) => {
    assert.deepEqual(rest, {});
    const containers = objects.flatMap((object) => object.spec?.template?.spec.containers ?? []);
    for (const container of containers) if (container.image.split(':')[0] === name) container.image = `${newName}:${newTag}`;
  },
};

// An operation of a JSON patch (RFC 6902).
function apply(object, {op, path, value}) {
  const keys = path.split('/').slice(1);
  const last = keys.pop();
  const parent = keys.reduce((at, key) => at?.[key], object);
  assert(parent, `${path} is nowhere`);
  if (op === 'replace') assert(last in parent, `${path} is not there to be replaced`);
  else assert.equal(op, 'add');
  if (op === 'add' && Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value);
  else parent[last] = value;
}

// The objects of a folder with a kustomization.yaml; `load` parses the documents of a YAML file.
export function build(folder, load, kind = 'Kustomization', objects = []) {
  const {apiVersion, kind: itsKind, ...fields} = load(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))[0];
  assert.match(apiVersion, /^kustomize\.config\.k8s\.io\//);
  assert.equal(itsKind, kind, folder);
  for (const field of Object.keys(fields)) assert(field in steps, `${folder}: ${field} is not known`);
  for (const [field, step] of Object.entries(steps))
    for (const entry of fields[field] ?? []) step(objects, entry, {folder, load});
  return objects;
}
