// What can be fuzzed, by the name that `--only` takes.
import { decodeSubject } from './readers/decode.ts';
import { eventStreamSubject } from './readers/event-stream.ts';
import { frameSubject } from './readers/frame.ts';
import { httpResponseSubject } from './readers/http-response.ts';

export const readerSubjects = [frameSubject, eventStreamSubject, httpResponseSubject, decodeSubject] as const;
export const serverSubjects = ['polling', 'long-polling', 'sse', 'websocket'] as const;
export const subjectNames: readonly string[] = [...readerSubjects.map(({ name }) => name), ...serverSubjects];
