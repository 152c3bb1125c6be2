// kubernetes_environment.mjs FOLDER FILE: checks that the parts of the Deployment fit together, which no schema can, and
// prints its environment as arguments of docker run. FOLDER as in validate_kubernetes.mjs.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

const [folder, file] = process.argv.slice(2);
const {loadAll} = createRequire(join(folder, 'package.json'))('js-yaml');
const objects = Object.fromEntries(loadAll(readFileSync(file, 'utf8')).map((object) => [object.kind, object]));
const {Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler} = objects;
const pod = Deployment.spec.template;
const [container] = pod.spec.containers;
const environment = Object.fromEntries(container.env.map(({name, value}) => [name, value]));
const port = Object.fromEntries(container.ports.map(({name, containerPort}) => [name, containerPort]));
const seconds = (text) => Number(/^(\d+)s$/.exec(text)[1]);

const labels = pod.metadata.labels;
assert.deepEqual(Deployment.spec.selector.matchLabels, labels);
assert.deepEqual(Service.spec.selector, labels);
assert.deepEqual(PodDisruptionBudget.spec.selector.matchLabels, labels);
assert.equal(HorizontalPodAutoscaler.spec.scaleTargetRef.name, Deployment.metadata.name);
assert.equal(port[Service.spec.ports[0].targetPort], 8888);
assert.equal(String(port[container.readinessProbe.httpGet.port]), environment.COROECHO_ADMIN_PORT);
assert.equal(String(port[container.livenessProbe.httpGet.port]), environment.COROECHO_ADMIN_PORT);
assert.equal(container.readinessProbe.httpGet.path, '/readyz');
assert.equal(container.livenessProbe.httpGet.path, '/healthz');
const delay = seconds(environment.COROECHO_SHUTDOWN_DELAY);
assert(delay > 2 * container.readinessProbe.periodSeconds, 'the delay outlasts the readiness probe');
assert(delay + seconds(environment.COROECHO_SHUTDOWN_TIMEOUT) < pod.spec.terminationGracePeriodSeconds,
       'the grace period outlasts draining');
assert.equal(pod.spec.enableServiceLinks, false);

for (const [name, value] of Object.entries(environment)) console.log(`-e\n${name}=${value}`);
