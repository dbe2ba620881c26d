import { warning, willBeReplaced, type Check } from './check.ts';

/** Nobody else's deployment is under way that this run would replace. */
export const otherDeployment: Check = {
  name: 'other deployment',
  nothing: 'none is under way that this run would replace',
  look: (_aws, candidate) =>
    candidate.services
      .filter((service) => service.rollout === 'in-progress' && willBeReplaced(service, candidate))
      .map(({ address }) =>
        warning(`service "${address.name}" has a deployment in progress; this one supersedes it`),
      ),
};
