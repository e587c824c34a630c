// One entry into a call: a session with the media server through the gate of signals, sound in one room, pictures in another.
import Janus from "janus-gateway";
import adapter from "webrtc-adapter";

const AUDIO = "janus.plugin.audiobridge";
const VIDEO = "janus.plugin.videoroom";
const PATIENCE = 15000; // milliseconds for sound to come about
const STANDSTILL = 5000; // a line that stands still so long is lost

let ready = null;
function prepare() {
  ready ??= new Promise((go) => {
    Janus.init({ debug: false, dependencies: Janus.useDefaultDependencies({ adapter }), callback: go });
  });
  return ready;
}

export class Line {
  /** `audio`, `video`: our tracks or null. `heard(track)`, `seen(track|null)`: what comes. `lost()`: once, when it is over. */
  constructor({ gate, seat, audio, video, pictures, heard, seen, lost }) {
    Object.assign(this, { gate, seat, pictures, heard, seen });
    // Copies: the client stops what it was given when it goes, and the next entry needs the devices still.
    this.audio = audio?.clone() ?? null;
    this.video = video?.clone() ?? null;
    this.over = false;
    this.tellLost = lost;
  }

  async enter() {
    await prepare();
    await new Promise((go, fail) => {
      const tooLong = setTimeout(() => fail(new Error("timeout")), PATIENCE);
      this.up = () => (clearTimeout(tooLong), go());
      this.refused = (reason) => (clearTimeout(tooLong), fail(new Error(String(reason))));
      this.session = new Janus({
        server: this.gate,
        token: this.seat.session_token,
        iceServers: this.seat.relays, // never empty-handed to the client: it would ask a stranger's server for our address
        destroyOnUnload: true,
        success: () => {
          this._sound();
          if (this.pictures) this._picture();
        },
        error: (reason) => (this.refused(reason), this._lost()),
        destroyed: () => this._lost(),
      });
    });
  }

  mute(on) {
    if (this.audio) this.audio.enabled = !on;
  }

  hide(on) {
    if (this.video) this.video.enabled = !on;
  }

  leave() {
    this.over = true;
    clearTimeout(this.still);
    this.session?.destroy({ cleanupHandles: true, notifyDestroyed: false });
    this.audio?.stop();
    this.video?.stop();
  }

  _lost() {
    if (this.over) return;
    this.leave();
    this.tellLost();
  }

  _watch(state) {
    clearTimeout(this.still);
    if (state === "failed") this._lost();
    if (state === "disconnected") this.still = setTimeout(() => this._lost(), STANDSTILL);
  }

  _sound() {
    const { room, me, pin, room_token: token } = this.seat;
    let handle = null;
    this.session.attach({
      plugin: AUDIO,
      success: (made) => {
        handle = made;
        handle.send({ message: { request: "join", room, id: me, pin, token, muted: false } });
      },
      error: (reason) => this.refused(reason),
      onmessage: (told, jsep) => {
        if (told.error) this.refused(told.error);
        if (told.audiobridge === "joined" && !handle.offered) {
          handle.offered = true;
          handle.createOffer({
            tracks: [{ type: "audio", capture: this.audio ?? false, recv: true }],
            success: (offer) => handle.send({ message: { request: "configure", muted: false }, jsep: offer }),
            error: (reason) => this.refused(reason),
          });
        }
        if (jsep) handle.handleRemoteJsep({ jsep });
      },
      iceState: (state) => this._watch(state),
      webrtcState: (on) => on && this.up(),
      onremotetrack: (track, mid, on) => on && track.kind === "audio" && this.heard(track),
      oncleanup: () => this._lost(),
    });
  }

  _picture() {
    const { room, me, room_token: token } = this.seat;
    let handle = null;
    this.session.attach({
      plugin: VIDEO,
      success: (made) => {
        handle = made;
        handle.send({ message: { request: "join", ptype: "publisher", room, id: me, token } });
      },
      error: () => this.seen(null),
      onmessage: (told, jsep) => {
        if (told.videoroom === "joined" && this.video) this._publish(handle);
        if (told.private_id) this.privateId = told.private_id;
        for (const each of told.publishers ?? []) this._subscribe(each.id);
        if (told.unpublished || told.leaving) this.seen(null);
        if (jsep) handle.handleRemoteJsep({ jsep });
      },
    });
  }

  _publish(handle) {
    handle.createOffer({
      tracks: [{ type: "video", capture: this.video, recv: false }],
      success: (offer) => handle.send({ message: { request: "publish" }, jsep: offer }),
      error: () => {},
    });
  }

  _subscribe(feed) {
    const { room, room_token: token } = this.seat;
    let handle = null;
    this.session.attach({
      plugin: VIDEO,
      success: (made) => {
        handle = made;
        handle.send({ message: { request: "join", ptype: "subscriber", room, token, streams: [{ feed }], private_id: this.privateId } });
      },
      error: () => this.seen(null),
      onmessage: (told, jsep) => {
        if (!jsep) return;
        handle.createAnswer({
          jsep,
          success: (answer) => handle.send({ message: { request: "start", room }, jsep: answer }),
          error: () => this.seen(null),
        });
      },
      onremotetrack: (track, mid, on) => track.kind === "video" && on && this.seen(track),
    });
  }
}
