#!/usr/bin/env node
import{a as i}from"./chunk-GDYLD4KX.js";import"./chunk-FH6IAKBS.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
