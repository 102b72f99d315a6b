export { type Engine, findEngine, type NoEngine } from "./engine.ts";
export { buildImages, type ImageTarget, imageOf } from "./images.ts";
export { ensureStockImages, STOCK_IMAGES } from "./stock-images.ts";
