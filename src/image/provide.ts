import type { Aws } from '../aws/clients.ts';
import type { DeployedImage, ImageSource, ProvidedImages } from '../model.ts';
import type { Log } from '../runtime/log.ts';
import { resolveExisting, resolveReference } from './resolve.ts';

/** Finds the images that the request names and nobody has to build. Reads only. */
export async function provideImages(
  { aws, log }: { readonly aws: Pick<Aws, 'ecr' | 'region'>; readonly log: Log },
  source: Exclude<ImageSource, { kind: 'build' }>,
): Promise<ProvidedImages> {
  const warn = (text: string): void => {
    log.warn(text);
  };
  const logged = (image: DeployedImage): DeployedImage => {
    log.line(`${image.tag === undefined ? '' : `${image.tag} is `}${image.reference}`);
    return image;
  };
  switch (source.kind) {
    case 'none':
      log.line('No image is named: every container keeps the one that it runs.');
      return { kind: 'none' };
    case 'reference':
      return { kind: 'one', image: logged(await resolveReference(aws, source.reference, warn)) };
    case 'existing-tag':
      return { kind: 'one', image: logged(await resolveExisting(aws, source.repository, source.tag, warn)) };
    case 'by-container': {
      const resolved = Object.entries(source.references).map(
        async ([container, reference]) =>
          [container, logged(await resolveReference(aws, reference, warn))] as const,
      );
      return { kind: 'by-container', images: Object.fromEntries(await Promise.all(resolved)) };
    }
  }
}
