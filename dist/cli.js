#!/usr/bin/env node
import{a as i}from"./chunk-ZXAEIUEA.js";import"./chunk-2QXPUODU.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
