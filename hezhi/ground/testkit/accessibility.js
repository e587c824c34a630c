/* What accessibility.py asks of a page: its blocks with a sum of all that their looks depend on, and a look by axe-core
   at those of them that were not found right before. Comes into the page together with axe; asks and answers are texts,
   which travel faster than what is built of many parts. */
(() => {
  const sum = (...told) => {
    const text = told.join('\u0001');
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (let n = 0; n < text.length; n++) {
      a = Math.imul(a ^ text.charCodeAt(n), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(n), 1597334677);
    }
    return `${text.length.toString(36)}.${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
  };
  const unseen = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9A-Za-z]{32,}/g;
  const sumOfSeen = (...told) => sum(told.join('\u0001').replace(unseen, ''));
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  // -- blocks ------------------------------------------------------------------------------------

  const FIELDS = 'input, select, textarea, button', POINTING = '[aria-labelledby], [aria-describedby]';
  const own = (one) => `${one.tagName}[${[...one.attributes].map((a) => `${a.name}=${a.value}`)}]`;
  const looks = (one) => {
    const style = getComputedStyle(one);
    return [style.color, style.backgroundColor, style.backgroundImage, style.fontSize, style.fontWeight, style.opacity];
  };
  const state = (one) => one.matches(FIELDS)
    ? [one.checked, one.disabled, one.selectedIndex, !one.value, one.validity?.valid, one.labels?.length] : '';
  const meant = (one) => one.matches(POINTING)
    ? `${one.getAttribute('aria-labelledby')} ${one.getAttribute('aria-describedby')}`.split(' ').map(
      (id) => document.getElementById(id)?.textContent) : '';

  let elements = [];  // of the blocks told last

  /* Each block: its sum (itself as it stands, those above it, the sheets, the width) and the place of the one it lies in.
     And of a page of the desk the classes that its elements bear. */
  const blocks = () => {
    const shown = new Map();
    for (const one of document.body.querySelectorAll('*'))
      if (one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        for (let up = one; up; up = up.parentElement) shown.set(up, (shown.get(up) ?? 0) + 1);
    const focus = document.activeElement === document.body ? null : document.activeElement;
    const itself = (one) => [own(one), state(one), meant(one), one === focus];
    const whole = (one) => [one.outerHTML, itself(one), ...[...one.querySelectorAll(`${FIELDS}, ${POINTING}`)].map(itself),
                            one.contains(focus) && own(focus)];
    const house = [innerWidth, innerHeight, devicePixelRatio, [...document.styleSheets].map((sheet) => [sheet.href, sheet.cssRules.length])];
    const found = [];
    elements = [];
    const walk = (one, parent, above, depth) => {
      const box = one.getBoundingClientRect(), seen = looks(one), place = found.push(['', parent]) - 1;
      elements.push(one);
      const open = depth < 7 && one.tagName !== 'TABLE', here = open && sumOfSeen(above, own(one), seen);
      const inside = !open ? whole(one) : [...one.childNodes].map((child) =>
        child.nodeType !== 1 ? child.data : child.childElementCount ? walk(child, place, here, depth + 1) : whole(child));
      found[place][0] = sumOfSeen(above, itself(one), seen, box.width, box.height, box.right <= 0 || box.left >= innerWidth,
                                  shown.get(one), inside);
      return found[place][0];
    };
    const start = sumOfSeen(house, own(document.documentElement), own(document.body), looks(document.body));
    for (const one of document.body.children) walk(one, -1, start, 0);
    const classes = document.querySelector('link[href*="/desk."]')
      ? new Set([...document.querySelectorAll('[class]')].flatMap((one) => [...one.classList])) : [];
    return JSON.stringify({ found, classes: [...classes] });
  };

  // -- cells that look alike -----------------------------------------------------------------------

  const shape = (one) =>
    `${one.tagName}.${one.getAttribute('class')}[${[...one.attributes].map((a) => a.name)}]` +
    (hasText(one) ? 't' : '') + `(${[...one.children].map(shape).join()})`;

  /* Cells (or whole rows of them) beyond the second of the same column, colours and build. */
  const alike = () => {
    const seen = new Map();
    const cells = [...document.querySelectorAll('tbody td')].filter((cell) => {
      const style = getComputedStyle(cell);
      const key = [cell.closest('table').className, cell.parentElement.className, cell.cellIndex, style.color,
                   style.backgroundColor, shape(cell)].join('|');
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return seen.get(key) > 2;
    });
    const spared = new Set(cells);
    const rows = new Set(cells.map((cell) => cell.parentElement).filter((row) => [...row.cells].every((cell) => spared.has(cell))));
    return [...rows, ...cells.filter((cell) => !rows.has(cell.parentElement))];
  };

  // -- what needs no measuring ---------------------------------------------------------------------

  /* axe measures the contrast of each text anew, and to see what lies behind it first lays all boxes of the page into
     a raster: half of a look. Texts of one colour, size and weight on the same grounds are of one kind, and of a kind
     two are measured. What stands in the flow lies on the grounds of those above it; what is positioned may lie on
     anything, so its build tells its kind too. */
  const kindOf = () => {
    const grounds = new Map();
    const ground = (one) => {
      if (!one) return { told: innerWidth, positioned: false };
      if (!grounds.has(one)) {
        const above = ground(one.parentElement);
        const { backgroundColor, backgroundImage, opacity, filter, position, transform, zIndex } = getComputedStyle(one);
        const positioned = above.positioned || !['static', 'relative'].includes(position) || transform !== 'none' || zIndex < 0;
        const paints = [backgroundColor === 'rgba(0, 0, 0, 0)' ? '' : backgroundColor, backgroundImage, opacity, filter];
        const bare = paints.join() === ',none,1,none';
        const build = positioned ? [one.tagName, one.getAttribute('class'), one.getAttribute('style')] : [];
        const told = bare && !positioned ? above.told : sum(above.told, paints, build);
        grounds.set(one, { told, positioned });
      }
      return grounds.get(one);
    };
    return (one) => {
      const { color, fontSize, fontWeight, textShadow } = getComputedStyle(one);
      const short = [...one.textContent.trim()].length < 2;  // axe leaves a single letter undecided
      return sum(ground(one).told, color, fontSize, fontWeight, textShadow, one.matches(':disabled, [aria-disabled]'), short);
    };
  };
  const kinds = (right) => {
    const measured = new Map(), kind = kindOf();
    return {
      wanted(one) {
        if (!one.matches('input, select, textarea') && !hasText(one)) return false;
        const its = kind(one);
        return !right.has(its) && (measured.get(its) ?? 0) < 2;
      },
      measured(one) {
        const its = kind(one);
        measured.set(its, (measured.get(its) ?? 0) + 1);
      },
      right: (doubted) => {
        const wrong = new Set(doubted.map(kind));
        return [...measured.keys()].filter((its) => !wrong.has(its));
      },
    };
  };

  /* A place for a finger that is wide enough and that no other touches is right; only the rest needs the raster. */
  const TARGETS = 'a, area, button, input, select, textarea, summary, label, [tabindex], [role], [contenteditable]', ENOUGH = 24;  // pixels
  const crowded = () => {
    const boxes = [...document.querySelectorAll(TARGETS)].map((one) => [one, one.getBoundingClientRect()]);
    const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return (one) => {
      const box = one.getBoundingClientRect();
      return box.width < ENOUGH || box.height < ENOUGH || boxes.some(([other, its]) =>
        other !== one && touch(box, its) && !other.contains(one) && !one.contains(other));
    };
  };

  let aside = new Set(), contrast = null, target = null;  // of the look that goes on
  const ruled = (id, wanted, measured) => {
    const rule = axe._audit.rules.find((one) => one.id === id), { matches } = rule;
    rule.matches = function (one, ...more) {
      const asked = wanted(one) && matches.call(this, one, ...more);
      if (asked) measured?.(one);
      return asked;
    };
  };
  ruled('color-contrast', (one) => contrast.wanted(one), (one) => contrast.measured(one));
  ruled('target-size', (one) => target(one));

  /* Told to leave elements out, axe compares each element with each of these, for each rule; a set is asked faster. */
  const everyRule = Object.getPrototypeOf(axe._audit.rules[0]), { gather } = everyRule;
  everyRule.gather = function (...context) {
    return gather.apply(this, context).filter(({ actualNode }) => !aside.has(actualNode));
  };

  /* axe reads the text of a colour anew for each element and each of those above it, which is a third of a look; so it does once. */
  const { prototype } = axe.commons.color.Color, read = prototype.parseString, colours = new Map();
  prototype.parseString = function (text) {
    const known = colours.get(text);
    if (known) [this.r, this.g, this.b, this.alpha] = known;
    else {
      read.call(this, text);
      colours.set(text, [this.r, this.g, this.b, this.alpha]);
    }
    return this;
  };

  // -- a look ----------------------------------------------------------------------------------------

  const OF_ITSELF = new Set(['bgImage', 'bgGradient', 'imgNode', 'shortTextContent', 'pseudoContent', 'nonBmp']);

  /* What is wrong, and which blocks and which kinds of text were found right. `known`: places of blocks that need no look. */
  const look = async (asked) => {
    const { options, known, kindsRight } = JSON.parse(asked);
    aside = new Set([...known.map((place) => elements[place]), ...alike()].flatMap((one) => [one, ...one.querySelectorAll('*')]));
    contrast = kinds(new Set(kindsRight));
    target = crowded();
    const { violations, incomplete } = await axe.run(document, options);
    const undecided = incomplete.flatMap((rule) => rule.nodes).filter(
      (node) => ![...node.any, ...node.all, ...node.none].every((check) => OF_ITSELF.has(check.data?.messageKey)));
    const open = [...violations.flatMap((rule) => rule.nodes), ...undecided].map((node) => node.element);
    const dialogs = [...document.querySelectorAll('dialog[open]')];  // axe leaves out what lies behind
    const right = elements.map((_, place) => place).filter((place) =>
      dialogs.every((dialog) => dialog.contains(elements[place])) && !open.some((one) => elements[place].contains(one)));
    const wrong = violations.flatMap((rule) => rule.nodes.map((node) =>
      `${rule.id} (${rule.impact}): ${rule.help} at ${node.target.join(' ')}: ${node.html.slice(0, 160)}`));
    const doubted = [...open, ...incomplete.flatMap((rule) => rule.nodes.map((node) => node.element))];
    return JSON.stringify({ wrong, right, kinds: contrast.right(doubted) });
  };

  globalThis.looking = { blocks, look };
})();
