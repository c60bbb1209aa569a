#!/usr/bin/env node
import{a as i}from"./chunk-KIOBPZBM.js";import"./chunk-ON6RQSCS.js";import"./chunk-27JYLWIA.js";import"./chunk-U4EJSH6E.js";import"./chunk-VUJKWCT3.js";await i();
