// kubernetes_pod.mjs FOLDER KUBERNETES FILE: checks that the objects of KUBERNETES, which is docker/kubernetes, fit together, which no
// schema can. Writes the pod's configuration to FILE, and prints its environment as arguments of docker run. FOLDER as in
// validate_kubernetes.mjs.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {build} from './kustomize.mjs';

const [folder, kubernetes, file] = process.argv.slice(2);
const {loadAll} = createRequire(join(folder, 'package.json'))('js-yaml');
const byKind = (path) => Object.fromEntries(build(join(kubernetes, path), loadAll).map((object) => [object.kind, object]));
const seconds = (text) => Number(/^(\d+)s$/.exec(text)[1]);
const mebibytes = (text) => Number(/^(\d+)Mi$/.exec(text)[1]);

// Checks the base or an overlay, and returns its objects by kind.
function check(path) {
  const objects = byKind(path);
  const {ConfigMap, Deployment, Service, NetworkPolicy, PodDisruptionBudget, HorizontalPodAutoscaler} = objects;
  const pod = Deployment.spec.template;
  const [container] = pod.spec.containers;
  const configuration = loadAll(ConfigMap.data['coroecho.yaml'])[0];
  const ports = Object.fromEntries(container.ports.map(({name, containerPort}) => [name, containerPort]));
  const labels = pod.metadata.labels;
  const admitted = NetworkPolicy.spec.ingress.filter(({from}) => !from).flatMap((rule) => rule.ports.map(({port}) => port));

  assert.equal(Deployment.spec.replicas, undefined, 'the autoscaler alone sets the replicas');
  assert.equal(HorizontalPodAutoscaler.spec.scaleTargetRef.name, Deployment.metadata.name);
  const selectors = [Deployment.spec.selector.matchLabels, Service.spec.selector, PodDisruptionBudget.spec.selector.matchLabels,
                     NetworkPolicy.spec.podSelector.matchLabels];
  for (const {labelSelector} of pod.spec.topologySpreadConstraints) selectors.push(labelSelector.matchLabels);
  for (const selector of selectors) assert.deepEqual(selector, labels);

  assert.equal(ports.echo, configuration.port);
  assert.equal(ports.admin, configuration.admin.port);
  const served = Service.spec.ports.map(({targetPort}) => targetPort);
  assert.deepEqual(served, Object.keys(ports).filter((name) => name !== 'admin').sort(), 'the service has all ports but the admin endpoint');
  assert.deepEqual(admitted, served, 'everybody reaches the ports of the service, and not the admin endpoint');
  assert.equal(container.readinessProbe.httpGet.port, 'admin');
  assert.equal(container.livenessProbe.httpGet.port, 'admin');
  assert.equal(container.readinessProbe.httpGet.path, '/readyz');
  assert.equal(container.livenessProbe.httpGet.path, '/healthz');
  const {delay, timeout} = configuration.shutdown;
  assert(seconds(delay) > 2 * container.readinessProbe.periodSeconds, 'the delay outlasts the readiness probe');
  assert(seconds(delay) + seconds(timeout) < pod.spec.terminationGracePeriodSeconds, 'the grace period outlasts draining');
  assert.equal(pod.spec.enableServiceLinks, false);

  const {max_connections, max_connections_per_ip} = configuration.limits;
  const needed = (max_connections * 105) / 1024 + max_connections_per_ip * 2.3;
  assert(needed < mebibytes(container.resources.limits.memory), `clients that do not read take ${needed} MiB`);
  for (const name of ['configMap', 'secret'])
    for (const volume of pod.spec.volumes.filter((one) => name in one))
      assert(container.volumeMounts.some((mount) => mount.name === volume.name), `${volume.name} is mounted`);
  return {...objects, container, configuration};
}

const {Service, HorizontalPodAutoscaler, container, configuration, ConfigMap} = check('base');
assert.equal(Service.spec.type, 'ClusterIP');
assert.equal(HorizontalPodAutoscaler.spec.metrics.length, 1);
assert(configuration.limits.max_connections_per_ip > 0 && configuration.limits.accept_rate > 0, 'strangers have limits');
assert.notEqual(configuration.limits.idle_timeout, 0);

assert.equal(check('overlays/load-balancer').Service.spec.type, 'LoadBalancer');
assert(check('overlays/tls').container.ports.some(({name}) => name === 'echo-tls'));
assert(check('overlays/udp').container.ports.some(({protocol}) => protocol === 'UDP'));
const {pods} = check('overlays/connections').HorizontalPodAutoscaler.spec.metrics[1];
assert.equal(Number(pods.target.averageValue), 0.7 * configuration.limits.max_connections);
const monitoring = build(join(kubernetes, 'overlays/monitoring'), loadAll);
const [, scrape] = monitoring.find(({kind}) => kind === 'NetworkPolicy').spec.ingress;
assert.deepEqual(scrape.ports, [{port: 'admin', protocol: 'TCP'}]);
assert(scrape.from[0].namespaceSelector.matchLabels, 'not everybody reaches the admin endpoint');

writeFileSync(file, ConfigMap.data['coroecho.yaml']);
for (const {name, value} of container.env) console.log(`-e\n${name}=${value}`);
