// On a phone the rail is one line: bring the page that is open into sight.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
