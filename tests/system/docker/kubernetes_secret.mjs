// kubernetes_secret.mjs FOLDER FILE: checks that the parts of a patch for the Deployment fit together, and prints what
// it does with its Secret, a line each: where the files are mounted, their group, their mode, arguments of docker run.
// FOLDER as in validate_kubernetes.mjs.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const [folder, file] = process.argv.slice(2);
const {load} = createRequire(join(folder, 'package.json'))('js-yaml');
const pod = load(readFileSync(file, 'utf8')).spec.template.spec;
const [container] = pod.containers;
const environment = Object.fromEntries(container.env.map(({name, value}) => [name, value]));
const [volume] = pod.volumes;
const [mount] = container.volumeMounts;

assert.equal(mount.name, volume.name);
assert.equal(environment.COROECHO_TLS_CERTIFICATE, join(mount.mountPath, 'tls.crt'));
assert.equal(environment.COROECHO_TLS_KEY, join(mount.mountPath, 'tls.key'));
assert.equal(environment.COROECHO_TLS_PORT, String(container.ports[0].containerPort));

// Kubernetes reads YAML 1.1, in which 0440 is octal; by YAML 1.2, as here, it is the decimal number with these digits.
const mode = String(volume.secret.defaultMode);
assert.match(mode, /^[0-7]{3}$/);

console.log(`${mount.mountPath}\n${pod.securityContext.fsGroup}\n${mode}`);
for (const [name, value] of Object.entries(environment)) console.log(`-e\n${name}=${value}`);
