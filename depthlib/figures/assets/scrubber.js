// Sliders over pre-rendered frames: works offline, without a kernel.
document.querySelectorAll(".dl-scrub:not([data-ready])").forEach((figure) => {
  figure.dataset.ready = "yes";
  const image = figure.querySelector("img");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const sliders = [...figure.querySelectorAll("input[type=range]")];
  const words = sliders.map((s) => JSON.parse(s.dataset.values));
  const place = () =>
    sliders.reduce((at, s, i) => at * data.sizes[i] + Number(s.value), 0);
  data.frames[place()] = image.src; // the frame already on the page
  const update = () => {
    let alt = data.alt;
    sliders.forEach((slider, i) => {
      const word = words[i][slider.value];
      slider.setAttribute("aria-valuetext", word);
      slider.nextElementSibling.textContent = word;
      alt = alt.replaceAll("{" + slider.dataset.name + "}", word);
    });
    image.src = data.frames[place()];
    image.alt = alt;
  };
  // A browser may restore slider positions when a page is reloaded, so start
  // from the positions in the markup.
  sliders.forEach((slider) => {
    slider.value = slider.defaultValue;
    slider.addEventListener("input", update);
  });
});
