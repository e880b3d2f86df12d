import type { MediaDigest } from '@visavis/client';
import type { CallPort } from './model/call-model.js';

declare global {
  interface Window {
    /** What a support person or a test may look at in the page of a room. */
    __visavis?: {
      readonly room: string;
      readonly client: CallPort;
      stats(): Promise<MediaDigest | undefined>;
    };
  }
}
