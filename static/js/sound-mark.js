/* The mark of a showing under what is heard: a faint noise, as far below the sound as
 * LEVEL says, however loud that is. It is fetched and laid under it when the sound is
 * first wanted; until then, and where that fails, the player stays silent. Developer
 * tools can get past this; the ledger then has the showing. */
const LEVEL = 0.05; // of the programme's loudness: 26 dB below
const LEAST = 0.0005; // of full scale, so that silence carries it, too
const NOISE = 0.2; // how loud the noise is in its file
const HEARD = 2048; // samples by which the loudness is taken
const STEP = 100; // milliseconds between two looks at it
const GLIDE = 0.05; // seconds: a jump would be heard

/* A question whether the mark is under it; the first time it is asked, it is laid. */
export default function soundMark(media) {
  const address = media.dataset.soundMark;
  let laid = null;
  return async () => {
    if (!address) return true; // of what it shows none is asked for
    try {
      laid ??= under(media, address);
      await laid;
      return true;
    } catch {
      laid = null; // it may be asked again; until then there is no sound
      return false;
    }
  };
}

async function under(media, address) {
  const context = new AudioContext();
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error("there is no mark to lay under it");
  const noise = context.createBufferSource();
  noise.buffer = await context.decodeAudioData(await answer.arrayBuffer());
  noise.loop = true;
  const programme = context.createMediaElementSource(media);
  const ear = context.createAnalyser();
  ear.fftSize = HEARD;
  const faint = context.createGain();
  faint.gain.value = 0;
  programme.connect(ear);
  programme.connect(context.destination);
  noise.connect(faint).connect(context.destination);
  noise.start();
  await context.resume();
  const samples = new Float32Array(HEARD);
  const timer = setInterval(() => {
    if (!media.isConnected) {
      clearInterval(timer);
      context.close();
      return;
    }
    ear.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / HEARD);
    const silent = media.paused || media.muted;
    const gain = silent ? 0 : Math.max(LEAST, loudness * LEVEL) / NOISE;
    faint.gain.setTargetAtTime(gain, context.currentTime, GLIDE);
  }, STEP);
}
