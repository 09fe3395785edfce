// Parts of the run by name, as src/view/mod.rs lists them: from the page itself if they are in it, else from the server.

const TYPES = { f64: Float64Array, f32: Float32Array, u32: Uint32Array, i16: Int16Array, u8: Uint8Array };

/** Reads a block of src/view/pack.rs: {meta, NAME: array, …}; arrays are views of the buffer. */
function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const part = { meta: header.meta ?? {} };
  let at = 4 + length;
  for (const [name, type, count] of header.arrays) {
    part[name] = new TYPES[type](buffer, at, count);
    at = Math.ceil((at + part[name].byteLength) / 8) * 8;
  }
  return part;
}

/** Splits a block that holds many parts, its arrays named PART/NAME and its meta by PART. */
function split(block) {
  const parts = new Map(Object.entries(block.meta).map(([name, meta]) => [name, { meta: meta ?? {} }]));
  for (const [name, array] of Object.entries(block)) {
    const slash = name.lastIndexOf("/");
    if (slash > 0) parts.get(name.slice(0, slash))[name.slice(slash + 1)] = array;
  }
  return parts;
}

async function embedded() {
  const text = document.getElementById("parts").textContent.trim();
  if (!text) return null;
  const packed = await (await fetch("data:application/octet-stream;base64," + text)).arrayBuffer();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return split(unpack(await new Response(stream).arrayBuffer()));
}

/** The program that serves the page does not answer. */
class NotServed extends Error {}

const parts = {
  /** Parts at hand; promises of them, or null for those that do not exist. */
  known: new Map(),
  /** Whether there is a server to ask. */
  served: true,

  async open() {
    const inside = await embedded();
    if (!inside) return;
    this.served = false;
    for (const [name, part] of inside) this.known.set(name, part);
  },

  /** A part; null if the run has none of that name. */
  get(name) {
    if (!this.known.has(name)) {
      const asked = this.served ? this.ask(name) : null;
      this.known.set(name, asked);
      // What failed may be asked for again.
      asked?.catch(() => this.known.delete(name));
    }
    return Promise.resolve(this.known.get(name));
  },

  async ask(name) {
    const gone = () => {
      throw new NotServed("apical no longer serves this page: start it again for what is not yet loaded.");
    };
    const response = await fetch("data/" + name).catch(gone);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error((await response.text()).trim());
    return unpack(await response.arrayBuffer().catch(gone));
  },

  /** Takes the newest parts of a run that goes on, in place of all before. */
  async refresh() {
    const block = await this.ask("live");
    if (block) this.known = split(block);
  },
};
