import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The videos that are uploaded, each as the body of a request. */
export interface Clips {
  /** Two seconds of 720p: what a thumbnail is usually made of. */
  readonly usual: Body;
  /** 1080p whose frame at the end takes seconds of decoding, since there is one key frame only. */
  readonly slow: Body;
  /** 8192x8192 in a few hundred kilobytes. */
  readonly large: Body;
}

export interface Body {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** The second of the video that is asked for. */
  readonly second: number;
}

const BOUNDARY = 'load';
const RATE = 25;

/** The body of a form with one file. Pure. */
export function formOf(video: Buffer, second: number): Body {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    bytes: Buffer.concat([Buffer.from(head), video, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]),
    second,
  };
}

export function makeClips(folder: string): Clips {
  const make = (name: string, size: string, frames: number, x264: string): Buffer => {
    const file = join(folder, name);
    const source = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=${RATE}`, '-frames:v', String(frames)];
    const coding = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params', x264];
    execFileSync('ffmpeg', ['-v', 'error', ...source, ...coding, '-y', file]);
    return readFileSync(file);
  };
  return {
    usual: formOf(make('usual.mp4', '1280x720', 2 * RATE, 'keyint=50'), 1),
    slow: formOf(make('slow.mp4', '1920x1080', 40 * RATE, 'keyint=9999:scenecut=0'), 39.9),
    large: formOf(make('large.mp4', '8192x8192', 20, 'ref=16:keyint=9999'), 0.7),
  };
}
