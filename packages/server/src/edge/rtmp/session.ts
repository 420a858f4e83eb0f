import type { Socket } from 'node:net';
import { type EndReason, LiveError } from '@lianmai/contract';
import { WireError } from '@lianmai/media';
import { amfFields } from '@lianmai/media/amf';
import type { RtmpCommand, RtmpMessage } from '@lianmai/media/rtmp';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Fanouts } from '../fanout/fanouts.ts';
import type { HubPort, PlayOptions, Publication } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import { APP, parseApp, parseStreamAddress, type RtmpApp, type StreamAddress } from './address.ts';
import * as answers from './answers.ts';
import { type ConnectionHandler, RtmpConnection } from './connection.ts';
import { encodeMessages, STREAM_ID } from './format.ts';
import { RtmpPlayer } from './player.ts';
import { RtmpPublisher } from './publisher.ts';

export interface RtmpSessionOptions {
  hub: HubPort;
  fanouts: Pick<Fanouts, 'join'>;
  settings: Pick<Settings, 'handshakeTimeoutMs' | 'maxMessageBytes'>;
  log: Logger;
}

const NAME_RULE = 'A stream name has 1 to 128 letters, digits, "_", "-" or "." and does not begin with a dot.';
const NEXT_STEP = 'publish or play';

/**
 * What a client does on its connection: connects to the application, then publishes or plays one stream at a time.
 * @see RTMP 1.0, section 7.2.
 */
export class RtmpSession implements ConnectionHandler {
  readonly #options: RtmpSessionOptions;
  readonly #secure: boolean;
  readonly #connection: RtmpConnection;
  #app: RtmpApp | null = null;
  #publisher: RtmpPublisher | null = null;
  #player: RtmpPlayer | null = null;
  /** Forgets at the hub that it plays. */
  #forget: (() => void) | null = null;

  /** @param secure the socket is TLS. */
  constructor(socket: Socket, secure: boolean, options: RtmpSessionOptions) {
    this.#options = options;
    this.#secure = secure;
    this.#connection = new RtmpConnection(socket, this, options.log);
    this.#expect('handshake and connect');
  }

  get stream(): string | undefined {
    return this.#publisher?.stream ?? this.#player?.stream;
  }

  /** Called at a steady pace, a few times a second at most. */
  tick(nowMs: number): void {
    if (this.#publisher !== null) this.#connection.pingWhenSilent(nowMs);
  }

  /** The server goes: says goodbye the way the client understands. */
  shutdown(): void {
    const ended = this.#player === null ? [] : answers.playEnded(this.#player.stream);
    const words = [...ended, answers.connectionClosed('The server shuts down.')];
    this.#connection.close('server shuts down', 'shutdown', this.#app === null ? [] : words);
  }

  received(bytes: number): void {
    this.#publisher?.received(bytes);
  }

  media(message: RtmpMessage): WireError | null {
    return this.#publisher === null ? null : this.#publisher.message(message);
  }

  farewell(wrong: WireError): readonly RtmpMessage[] {
    if (this.#publisher === null) return [];
    return [answers.publishRefused(new LiveError('BAD_REQUEST', `The connection cannot go on: ${wrong.message}.`))];
  }

  closed(end: EndReason): void {
    this.#leaveStream(end);
  }

  command(command: RtmpCommand): WireError | null {
    if (command.name === 'connect') this.#connect(command);
    else if (this.#app === null) return new WireError("the command 'connect'", `'${command.name.slice(0, 40)}'`);
    else this.#call(command, this.#app);
    return null;
  }

  #connect(command: RtmpCommand): void {
    const connection = this.#connection;
    if (this.#app !== null) return connection.send(answers.callFailed(command, 'connected already'));
    const app = parseApp(amfFields(command.args[0]) ?? {});
    if (app.name !== APP) {
      const error = new LiveError('NOT_FOUND', `The only application here is "${APP}": rtmp://host/${APP}/{stream}.`);
      const refusal = [...answers.OPENING, answers.connectRefused(command, error), answers.connectionClosed('')];
      return connection.close(
        `unknown application ${JSON.stringify(app.name.slice(0, 80))}`,
        'protocol-error',
        refusal,
      );
    }
    this.#app = app;
    connection.send(...answers.OPENING, answers.connected(command));
    this.#expect(NEXT_STEP);
  }

  #call(command: RtmpCommand, app: RtmpApp): void {
    const { name, args } = command;
    switch (name) {
      case 'createStream':
        return this.#createStream(command);
      case 'publish':
        return this.#publish(parseStreamAddress(args[1], app));
      case 'play':
        return this.#play(parseStreamAddress(args[1], app), args[4] !== false);
      case 'play2':
        return this.#play(parseStreamAddress(amfFields(args[1])?.['streamName'], app), true);
      case 'pause':
      case 'pauseRaw':
        return this.#pause(args[1]);
      case 'receiveAudio':
        return this.#player?.select('audio', args[1] !== false);
      case 'receiveVideo':
        return this.#player?.select('video', args[1] !== false);
      case 'seek':
        if (this.#player !== null) this.#connection.send(answers.sought(this.#player.stream));
        return;
      case 'FCUnpublish':
      case 'closeStream':
      case 'deleteStream':
        return this.#goodbye(command);
      default: {
        const answer = answers.answerCall(command);
        if (answer.length > 0) this.#connection.send(...answer);
      }
    }
  }

  #createStream(command: RtmpCommand): void {
    const free = this.#publisher === null && this.#player === null;
    this.#connection.send(
      free ? answers.result(command, STREAM_ID) : answers.callFailed(command, 'one stream at a time on a connection'),
    );
  }

  #publish(address: StreamAddress | null): void {
    if (address === null) return this.#refusePublish(new LiveError('BAD_REQUEST', NAME_RULE));
    if (this.#publisher !== null || this.#player !== null) {
      return this.#refusePublish(new LiveError('CONFLICT', 'This connection has a stream already; use another one.'));
    }
    void this.#askToPublish(address);
  }

  async #askToPublish({ stream, query }: StreamAddress): Promise<void> {
    const connection = this.#connection;
    const protocol = this.#secure ? 'rtmps' : 'rtmp';
    let publication: Publication;
    this.#wait();
    try {
      const onRevoked = this.#revoked;
      publication = await this.#options.hub.publish({ stream, query, protocol, ip: connection.ip, onRevoked });
    } catch (thrown) {
      return this.#refusePublish(this.#asLiveError(thrown), stream);
    }
    if (connection.isClosed) return publication.end('vanished');
    this.#publisher = new RtmpPublisher(stream, publication);
    connection.maxMessageBytes = this.#options.settings.maxMessageBytes;
    connection.send(...answers.publishStarted(stream));
    connection.log.info({ stream, protocol }, 'rtmp publish started');
    connection.release();
  }

  #refusePublish(error: LiveError, stream?: string): void {
    const which = stream === undefined ? '' : ` of ${stream}`;
    const reason = `publish${which} refused, ${error.code} ${error.name}`;
    this.#connection.close(reason, 'protocol-error', [answers.publishRefused(error)]);
  }

  readonly #revoked = (reason: EndReason, error: LiveError): void => {
    this.#connection.close(`publisher sent away, ${reason}`, reason, [answers.publishRevoked(reason, error)]);
  };

  #play(address: StreamAddress | null, reset: boolean): void {
    if (address === null) return this.#refusePlay(new LiveError('BAD_REQUEST', NAME_RULE));
    if (this.#publisher !== null) {
      return this.#refusePlay(new LiveError('CONFLICT', 'This connection publishes; play on another one.'));
    }
    this.#stopPlaying();
    try {
      const options: PlayOptions = { ...address, protocol: 'rtmp', ip: this.#connection.ip };
      const stream = this.#options.hub.play(options);
      if (stream instanceof Promise) void this.#playOnceHere(stream, options, reset);
      else this.#startPlaying(stream, options, reset);
    } catch (thrown) {
      this.#refusePlay(this.#asLiveError(thrown), address.stream);
    }
  }

  async #playOnceHere(arriving: Promise<LiveStream>, options: PlayOptions, reset: boolean): Promise<void> {
    this.#wait();
    try {
      const stream = await arriving;
      if (!this.#connection.isClosed) this.#startPlaying(stream, options, reset);
    } catch (thrown) {
      this.#refusePlay(this.#asLiveError(thrown), options.stream);
    }
    this.#connection.release();
  }

  #startPlaying(stream: LiveStream, options: PlayOptions, reset: boolean): void {
    const connection = this.#connection;
    const { fanouts } = this.#options;
    this.#expect(null);
    this.#player = new RtmpPlayer({ connection, fanouts, stream, ended: this.#playEnded });
    connection.log.info({ stream: stream.name, protocol: this.#secure ? 'rtmps' : 'rtmp' }, 'rtmp play started');
    this.#player.start(encodeMessages(answers.playStarted(stream.name, reset)));
    this.#forget = this.#options.hub.admit(options, (error) => {
      this.#stopPlaying();
      this.#refusePlay(error, options.stream);
    });
  }

  #stopPlaying(): void {
    this.#forget?.();
    this.#forget = null;
    this.#player?.stop();
    this.#player = null;
  }

  /** The connection stays: a player may try again or ask for another stream until the deadline. */
  #refusePlay(error: LiveError, stream?: string): void {
    const connection = this.#connection;
    if (connection.isClosed) return;
    connection.log.info({ stream }, `rtmp play refused: ${error.code} ${error.name}`);
    connection.send(answers.playRefused(error));
    if (this.#publisher === null) this.#expect(NEXT_STEP);
  }

  #pause(wanted: unknown): void {
    const player = this.#player;
    if (player === null) return;
    const paused = typeof wanted === 'boolean' ? wanted : !player.paused;
    if (paused === player.paused) return;
    player.pause(paused, encodeMessages(paused ? [answers.paused(player.stream)] : answers.resumed(player.stream)));
  }

  readonly #playEnded = (): void => {
    const player = this.#player;
    if (player === null) return;
    this.#stopPlaying();
    this.#connection.send(...answers.playEnded(player.stream));
    this.#expect(NEXT_STEP);
  };

  /** What the client publishes or plays ends; the connection stays for another stream until the deadline. */
  #goodbye(command: RtmpCommand): void {
    const connection = this.#connection;
    const { stream } = this;
    if (command.name === 'FCUnpublish' && command.transactionId !== 0) connection.send(answers.result(command));
    if (stream === undefined) return;
    if (this.#publisher !== null) {
      connection.log.info({ stream }, 'rtmp publish ended');
      connection.send(...answers.publishEnded(stream));
    } else {
      connection.send(answers.playStopped(stream));
    }
    this.#leaveStream('unpublished');
    this.#expect(NEXT_STEP);
  }

  #leaveStream(end: EndReason): void {
    this.#publisher?.end(end);
    this.#publisher = null;
    this.#stopPlaying();
  }

  /** Takes nothing more from the client until the hub has answered. */
  #wait(): void {
    this.#expect(null);
    this.#connection.hold();
  }

  #expect(what: string | null): void {
    this.#connection.expect(what, this.#options.settings.handshakeTimeoutMs);
  }

  /** What the hub threw, as something that can be told to a client. */
  #asLiveError(thrown: unknown): LiveError {
    if (thrown instanceof LiveError) return thrown;
    this.#connection.log.error({ err: thrown }, 'the hub failed');
    return new LiveError('INTERNAL', 'The server failed; try again.');
  }
}
