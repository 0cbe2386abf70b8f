declare module 'phoenix' {
  export class Socket {
    constructor(url: string);
    /** ms before try `tries`, from 1. */
    reconnectAfterMs(tries: number): number;
  }
}
