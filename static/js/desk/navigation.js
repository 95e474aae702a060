// On a phone the rail is a single line: scroll the current page's entry into view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
