// Before anything is painted: the mode that was chosen, if any.
try {
  const mode = localStorage.getItem("mode");
  if (mode) document.documentElement.dataset.mode = mode;
} catch {}
