// The way back to a form keeps what was written in it; its address would load it anew.
document.getElementById("back").addEventListener("click", (event) => {
  event.preventDefault();
  history.back();
});
