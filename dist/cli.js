#!/usr/bin/env node
import{a as i}from"./chunk-LGOMWLPX.js";import"./chunk-27UXQR3Q.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
