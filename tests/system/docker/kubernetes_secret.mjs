// kubernetes_secret.mjs FOLDER KUSTOMIZATION: checks that the parts of the Deployment that have to do with its Secret fit together, and
// prints them, a line each: where the files are mounted, their group, their mode, arguments of docker run.
// FOLDER as in validate_kubernetes.mjs.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {build} from './kustomize.mjs';

const [folder, kustomization] = process.argv.slice(2);
const {loadAll} = createRequire(join(folder, 'package.json'))('js-yaml');
const {template: {spec: pod}} = build(kustomization, loadAll).find(({kind}) => kind === 'Deployment').spec;
const [container] = pod.containers;
const environment = Object.fromEntries(container.env.filter(({name}) => /_TLS_/.test(name)).map(({name, value}) => [name, value]));
const volume = pod.volumes.find(({secret}) => secret);
const mount = container.volumeMounts.find(({name}) => name === volume.name);
const port = container.ports.find(({name}) => name === 'echo-tls');

assert.equal(environment.COROECHO_TLS_CERTIFICATE, join(mount.mountPath, 'tls.crt'));
assert.equal(environment.COROECHO_TLS_KEY, join(mount.mountPath, 'tls.key'));
assert.equal(environment.COROECHO_TLS_PORT, String(port.containerPort));

console.log(`${mount.mountPath}\n${pod.securityContext.fsGroup}\n${volume.secret.defaultMode.toString(8)}`);
for (const [name, value] of Object.entries(environment)) console.log(`-e\n${name}=${value}`);
