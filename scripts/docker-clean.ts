/** As root, for test-docker.ts: takes out of this machine what a run that was killed has left. */
import { HOSTS } from '../runner/docker/hosts.ts';
import { unteachEngine } from '../runner/docker/teach.ts';

await unteachEngine(HOSTS);
