import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { workflowText } from '../runner/workflow.ts';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly optionalDependencies: Versions;
}

interface Locked {
  readonly license?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

function read(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Licences under which a package may be passed on in the bundle, with their texts. */
const BUNDLED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

describe('the packages', () => {
  test('that are bundled have licences that allow it', () => {
    const shipped = packages.filter(([, { dev, optional }]) => dev !== true && optional !== true);
    expect(shipped.length).toBeGreaterThan(30);
    expect(shipped.filter(([, { license = '' }]) => !BUNDLED.includes(license))).toEqual([]);
  });

  test('come from the registry that npm is set to: the lockfile names none', () => {
    const elsewhere = packages.filter(([, { resolved }]) => resolved !== undefined);
    expect(elsewhere).toEqual([]);
  });

  test('run no scripts as they are installed', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('are each justified in CONTRIBUTING.md', () => {
    const section = read('CONTRIBUTING.md').split('\n## Dependencies\n')[1]?.split('\n## ')[0] ?? '';
    const named = section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const installed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(named.sort()).toEqual(installed.sort());
  });

  test('are audited by CI, and listed beside each release', async () => {
    expect(await workflowText('ci.yml')).toContain('- run: npm audit --omit=dev\n');
    const release = await workflowText('release.yml');
    expect(release).toContain('npm sbom');
    expect(release).toContain('predicate-type: https://cyclonedx.org/bom');
  });
});
