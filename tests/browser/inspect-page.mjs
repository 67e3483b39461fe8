// Drives Chromium through its debugging pipe and inspects one page.
// Usage: node inspect-page.mjs PAGE PROFILE_DIRECTORY
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [page, profile] = process.argv.slice(2);
const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'],
  { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const [, , , toBrowser, fromBrowser] = browser.stdio;

let last = 0;
let received = '';
const waiting = new Map();
const listeners = new Set();
fromBrowser.setEncoding('utf8');
fromBrowser.on('data', (text) => {
  received += text;
  const messages = received.split('\0');
  received = messages.pop();
  for (const message of messages.map((one) => JSON.parse(one))) {
    if (message.id) waiting.get(message.id)?.(message);
    else for (const listener of listeners) listener(message);
  }
});
const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
  const id = ++last;
  waiting.set(id, (answer) => (answer.error ? reject(new Error(`${method}: ${answer.error.message}`))
    : resolve(answer.result)));
  toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
});
const event = (name) => new Promise((resolve) => {
  const listener = (message) => {
    if (message.method !== name) return;
    listeners.delete(listener);
    resolve(message.params);
  };
  listeners.add(listener);
});

// Runs in the page.
function inspect() {
  const problems = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    problems.push(`the page is ${root.scrollWidth} wide in a window of ${innerWidth}`);
  }
  // Nothing is cut: neither tables and their cells, nor the texts of a chart.
  const name = (element) => (element.getAttribute('aria-label') ?? element.textContent).slice(0, 60);
  for (const box of document.querySelectorAll('.scroll, figure, td')) {
    if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0) {
      problems.push(`${box.scrollWidth} px in ${box.clientWidth}: ${name(box)}`);
    }
  }
  for (const text of document.querySelectorAll('figure svg text')) {
    const inner = text.getBoundingClientRect();
    const outer = text.ownerSVGElement.getBoundingClientRect();
    if (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1
      || inner.bottom > outer.bottom + 1) problems.push(`a chart cuts '${text.textContent}'`);
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(link.getAttribute('href').slice(1))) {
      problems.push(`dead link ${link.getAttribute('href')}`);
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size !== ids.length) problems.push('ids are repeated');
  const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92
      : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    const svg = element.closest('svg');
    if (svg) return getComputedStyle(svg.querySelector('.bg')).fill;
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((rgb(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  let texts = 0;
  let least = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('title,desc,style')) continue;
    const style = getComputedStyle(element);
    const pair = [luminance(element.closest('svg') ? style.fill : style.color),
      luminance(background(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    least = Math.min(least, contrast);
    texts += 1;
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)}: ${walker.currentNode.data}`);
  }
  if (texts < 50) problems.push(`only ${texts} texts`);
  if (!document.querySelector('figure svg .line')) problems.push('no chart');
  const body = getComputedStyle(document.body).backgroundColor;
  return { problems: problems.slice(0, 20), texts, least, dark: luminance(body) < 0.5 };
}

let failed = false;
try {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const messages = [];
  listeners.add(({ method, params }) => {
    if (method === 'Runtime.consoleAPICalled') messages.push(`console: ${JSON.stringify(params.args)}`);
    if (method === 'Runtime.exceptionThrown') messages.push(`exception: ${params.exceptionDetails.text}`);
    if (method === 'Log.entryAdded') messages.push(`log: ${params.entry.text}`);
    if (method === 'Network.requestWillBeSent' && !/^(file|data):/.test(params.request.url)) {
      messages.push(`request: ${params.request.url}`);
    }
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`, {}, sessionId);
  const widthOfA4 = 688;  // without the margins, in CSS pixels
  const settings = [[widthOfA4, 'light', 'print'], [widthOfA4, 'dark', 'print']];
  for (const width of [360, 480, 640, 800, 1024, 1280, 1344, 1345, 1400, 1920]) {
    settings.push([width, 'light', 'screen']);
  }
  for (const width of [400, 1400]) settings.push([width, 'dark', 'screen']);
  for (const [width, scheme, media] of settings) {
    await send('Emulation.setDeviceMetricsOverride',
      { width, height: 1000, deviceScaleFactor: 1, mobile: false }, sessionId);
    await send('Emulation.setEmulatedMedia',
      { media, features: [{ name: 'prefers-color-scheme', value: scheme }] }, sessionId);
    const loaded = event('Page.loadEventFired');
    await send('Page.navigate', { url: pathToFileURL(page).href }, sessionId);
    await loaded;
    const { result, exceptionDetails } = await send('Runtime.evaluate',
      { expression: `(${inspect})()`, returnByValue: true }, sessionId);
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    const { problems, texts, least, dark } = result.value;
    problems.push(...messages.splice(0));
    const expected = media === 'screen' ? scheme : 'light';
    if (dark !== (expected === 'dark')) problems.push(`the page is not ${expected}`);
    const where = `${width} px, ${scheme}, ${media}`;
    for (const problem of problems) console.error(`${where}: ${problem}`);
    failed ||= problems.length > 0;
    console.log(`${where}: ${texts} texts, contrast at least ${least.toFixed(1)}`);
  }
  // On paper, a network takes two pages at most, and one more for each 60 rows of its tables.
  await send('Emulation.setEmulatedMedia', { media: '' }, sessionId);
  const { result: sections } = await send('Runtime.evaluate',
    { expression: 'document.querySelectorAll("section").length', returnByValue: true }, sessionId);
  const counts = [];
  for (let i = 1; i <= sections.value; ++i) {
    await send('Runtime.evaluate', { expression: `for (const element of
      document.querySelectorAll('main > *, footer')) {
        element.style.display = element.id === 'network-${i}' ? '' : 'none';
      }` },
    sessionId);
    const { data } = await send('Page.printToPDF', { preferCSSPageSize: true, paperWidth: 8.27,
      paperHeight: 11.69 }, sessionId);
    const pdf = Buffer.from(data, 'base64').toString('latin1');
    counts.push((pdf.match(/\/Type\s*\/Page\b/g) ?? []).length);
    const { result: rows } = await send('Runtime.evaluate',
      { expression: `document.querySelectorAll('#network-${i} tbody tr').length`,
        returnByValue: true }, sessionId);
    if (counts.at(-1) < 1 || counts.at(-1) > 2 + Math.floor(rows.value / 60)) {
      console.error(`network ${i} of ${rows.value} rows takes ${counts.at(-1)} pages`);
      failed = true;
    }
  }
  console.log(`pages of the networks on paper: ${counts.join(' ')}`);
} catch (error) {
  console.error(String(error));
  failed = true;
}
// The profile may go once the browser has gone.
const gone = new Promise((resolve) => browser.once('exit', resolve));
send('Browser.close').catch(() => browser.kill());
await gone;
process.exit(failed ? 1 : 0);
