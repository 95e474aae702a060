// In-page camera for secure contexts. Returns a File, or null: then use the phone's own camera.
const at = (id) => document.getElementById(id);

function stop() {
  at("viewfinder").srcObject?.getTracks().forEach((track) => track.stop());
  at("viewfinder").srcObject = null;
}

async function look(facingMode) {
  stop();
  const video = { facingMode, width: { ideal: 4096 }, height: { ideal: 4096 } };
  at("viewfinder").srcObject = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  await at("viewfinder").play();
}

function shoot() {
  const { videoWidth: width, videoHeight: height } = at("viewfinder");
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(at("viewfinder"), 0, 0);
  const name = `photo-${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}.jpg`;
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(new File([blob], name, { type: "image/jpeg" })), "image/jpeg", 0.92));
}

// Throws if there is no camera or permission was denied. Undefined: closed without a photo.
export async function takePhoto() {
  const dialog = at("camera");
  let facing = "environment";
  await look(facing);
  dialog.showModal();
  try {
    return await new Promise((resolve, reject) => {
      dialog.onclose = () => resolve(undefined);
      at("close").onclick = () => resolve(undefined);
      at("native").onclick = () => resolve(null);
      at("shutter").onclick = () => resolve(shoot());
      at("turn").onclick = () => look((facing = facing === "user" ? "environment" : "user")).catch(reject);
    });
  } finally {
    dialog.onclose = null;
    dialog.close();
    stop();
  }
}
