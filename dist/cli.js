#!/usr/bin/env node
import{a as i}from"./chunk-BGUTAE5Q.js";import"./chunk-ZLIHKPJS.js";import"./chunk-3RNHDNP5.js";await i();
