import { alarms } from './alarms.ts';
import type { Check } from './check.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { definitionSize } from './definition-size.ts';
import { image } from './image.ts';
import { loadBalancer } from './load-balancer.ts';
import { logGroup } from './log-group.ts';
import { otherDeployment } from './other-deployment.ts';
import { parameter } from './parameter.ts';
import { percents } from './percents.ts';
import { role } from './role.ts';
import { scalingRange } from './scaling-range.ts';
import { secret } from './secret.ts';
import { targetType } from './target-type.ts';
import { taskSize } from './task-size.ts';
import { rollbackImage } from './way-back-image.ts';
import { rollbackTarget } from './way-back.ts';

/** Every preflight check, in the order in which they are told: what stops a deployment first. */
export const CHECKS: readonly Check[] = [
  image,
  taskSize,
  loadBalancer,
  targetType,
  percents,
  role,
  secret,
  parameter,
  logGroup,
  otherDeployment,
  rollbackTarget,
  rollbackImage,
  circuitBreaker,
  alarms,
  scalingRange,
  definitionSize,
];

/** What a build can have changed: the image is there now, and somebody may have deployed meanwhile. */
export const CHECKS_AFTER_BUILD: readonly Check[] = [image, otherDeployment];
